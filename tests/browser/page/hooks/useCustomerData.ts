// hooks/useCustomerData.ts
import { useState, useCallback } from 'react';

interface CustomerData {
  id: number;
  customer: number;
  key: string;
  value: string;
  file_url: string | null;
  file_name: string | null;
  created_at: string;
  updated_at: string;
}

export function useCustomerData(customerId: number) {
  const [data, setData] = useState<CustomerData[]>([]);
  const [loading, setLoading] = useState(false);

  const fetchData = useCallback(async () => {
    setLoading(true);
    try {
      const response = await fetch(
        `/api/message/customer/${customerId}/data/`,
        {
          headers: {
            Authorization: `Bearer ${localStorage.getItem('token')}`,
          },
        }
      );
      const result = await response.json();
      setData(result);
    } finally {
      setLoading(false);
    }
  }, [customerId]);

  const createData = async (
    key: string,
    value?: string,
    file?: File
  ): Promise<CustomerData> => {
    const formData = new FormData();
    formData.append('customer', String(customerId));
    formData.append('key', key);
    if (value) formData.append('value', value);
    if (file) formData.append('file', file);

    const response = await fetch('/api/message/customer-data/', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${localStorage.getItem('token')}`,
      },
      body: formData,
    });

    if (!response.ok) {
      const error = await response.json();
      throw new Error(error.key?.[0] || 'Failed to create');
    }

    const newData = await response.json();
    setData((prev) => [newData, ...prev]);
    return newData;
  };

  const updateData = async (
    id: number,
    updates: { key?: string; value?: string; file?: File; remove_file?: boolean }
  ): Promise<CustomerData> => {
    const formData = new FormData();
    if (updates.key) formData.append('key', updates.key);
    if (updates.value !== undefined) formData.append('value', updates.value);
    if (updates.file) formData.append('file', updates.file);
    if (updates.remove_file) formData.append('remove_file', 'true');

    const response = await fetch(`/api/message/customer-data/${id}/`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${localStorage.getItem('token')}`,
      },
      body: formData,
    });

    const updatedData = await response.json();
    setData((prev) =>
      prev.map((item) => (item.id === id ? updatedData : item))
    );
    return updatedData;
  };

  const deleteData = async (id: number): Promise<void> => {
    await fetch(`/api/message/customer-data/${id}/`, {
      method: 'DELETE',
      headers: {
        Authorization: `Bearer ${localStorage.getItem('token')}`,
      },
    });
    setData((prev) => prev.filter((item) => item.id !== id));
  };

  return {
    data,
    loading,
    fetchData,
    createData,
    updateData,
    deleteData,
  };
}
